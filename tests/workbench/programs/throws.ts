/** Module that throws when it is imported. */

throw new Error("no such luck\nat all");
