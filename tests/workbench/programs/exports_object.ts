/** Module whose default export is not a program. */

export default { serve: true };
