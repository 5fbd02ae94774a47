/** The claim that a change or an undo belongs to: `<claim>`, `<claim>/<n>` for one change of several, `<claim>/undo`. */
export function claimOf(changeId: string): string {
  return changeId.replace(/\/(undo|\d+)$/, '');
}
