/**
 * Requests to services that are repeated until they are answered.
 *
 * @module
 */
import type { RPCOptions } from "../../mod.ts";

/**
 * For requests that do no harm when repeated. Any answer will do, so one that takes long is not missed; and they are repeated every 2 s
 * at least, so that they get through soon when the service can be reached again.
 */
export const PATIENT: RPCOptions = {
  retry: { attempts: Infinity, idempotent: true, maxTimeout: 2000, maxBackoff: 500 },
};
