import { kafka } from "../../challenges/kafka.ts";
import { kafkaLinKV } from "../../challenges/kafka_lin_kv.ts";
import kafkaSingle from "../../challenges/kafka_single.ts";
import { testSeeds } from "./survive.ts";

testSeeds("5a", kafkaSingle);
testSeeds("5b", kafkaLinKV);
testSeeds("5c", kafka);
