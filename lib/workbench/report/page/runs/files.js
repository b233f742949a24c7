/**
 * The page with the files of a run. It needs no script but for its colours.
 *
 * @module
 */

import { followTheme } from "../theme.js";

followTheme();
