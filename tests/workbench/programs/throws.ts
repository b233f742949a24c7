/** A module that cannot be imported. */

throw new Error("no such luck\nat all");
