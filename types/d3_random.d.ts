/** The part of `d3-random` that this project uses; it comes without types. */
export interface RandomExponential {
  (lambda: number): () => number;
  source(source: () => number): RandomExponential;
}
export const randomExponential: RandomExponential;
