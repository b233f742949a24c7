// @ts-types="./d3_array.d.ts"
export * from "npm:d3-array@3.2.5";
