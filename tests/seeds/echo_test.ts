import echo from "../../challenges/echo.ts";
import { testSeeds } from "./survive.ts";

testSeeds("1", echo);
