/** A module whose default export is no program. */

export default { serve: true };
