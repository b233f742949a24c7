// @ts-types="./uuid.d.ts"
export * from "npm:deno-std@1.4.0/uuid/common.js";
