import ts from 'typescript';

/** One source file; `path` from the root of the checkout, with slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

interface Import {
  readonly line: number;
  /** As written. */
  readonly from: string;
  /** The file in this checkout it means; undefined = a package or a part of Node. */
  readonly file: string | undefined;
  readonly typeOnly: boolean;
}

export const MOST_LINES = 300;

/** Packages whose values each pure folder may use. Digests are pure, so node:crypto is. */
const PURE_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  domain: ['zod', 'yaml', '@prometheus-io/lezer-promql', 'node:crypto'],
  learning: ['protobufjs', 'zod', 'node:crypto'],
};

/** What each folder may import from the others; types alone where marked. Arrows point inward. */
const INWARD: Readonly<Record<string, { readonly values: readonly string[]; readonly types: readonly string[] }>> = {
  domain: { values: [], types: [] },
  learning: { values: ['domain'], types: [] },
  connectors: { values: ['learning', 'domain'], types: [] },
  // Activities start workflows by name: queues.ts is the register of those names.
  activities: {
    values: ['workflows/queues.ts', 'connectors/ports.ts', 'connectors/store/types.ts', 'learning', 'domain'],
    types: ['workflows', 'connectors'],
  },
  workflows: { values: [], types: ['activities', 'connectors', 'learning', 'domain'] },
  workers: { values: ['activities', 'connectors', 'workflows', 'learning', 'domain'], types: [] },
  api: { values: ['activities', 'connectors', 'workflows', 'learning', 'domain'], types: [] },
  scripts: { values: ['activities', 'connectors', 'workflows', 'workers', 'api', 'learning', 'domain'], types: [] },
};

/** Rule 1: whether an edit is replay-sensitive must show in the path. */
export function workflowImports(source: Source): Violation[] {
  if (folderOf(source.path) !== 'workflows') return [];
  return importsOf(source)
    .filter(
      ({ typeOnly, from, file }) => !typeOnly && from !== '@temporalio/workflow' && (file === undefined || folderOf(file) !== 'workflows'),
    )
    .map(({ line, from }) => ({ path: source.path, line, what: `workflows/ imports a value from ${from}` }));
}

/** Rule 2: no clock, network, environment, files, chance or Temporal in pure code. */
export function impurities(source: Source): Violation[] {
  const allowed = PURE_PACKAGES[folderOf(source.path)];
  if (!allowed) return [];
  const packages = importsOf(source)
    .filter(({ file, from }) => file === undefined && !allowed.includes(from))
    .map(({ line, from }) => ({ path: source.path, line, what: `pure code imports ${from}` }));
  return [...packages, ...outsideUses(source)];
}

/** Rule 3. */
export function outwardArrows(source: Source): Violation[] {
  const folder = folderOf(source.path);
  const allowed = INWARD[folder];
  if (!allowed) return [];
  return (
    importsOf(source)
      .filter(
        ({ file, typeOnly }) =>
          file !== undefined &&
          folderOf(file) !== folder &&
          !permits(typeOnly ? [...allowed.values, ...allowed.types] : allowed.values, file),
      )
      // Rule 1 speaks of workflows' values.
      .filter(({ typeOnly }) => folder !== 'workflows' || typeOnly)
      .map(({ line, from, typeOnly }) => ({
        path: source.path,
        line,
        what: `${folder}/ imports ${typeOnly ? 'a type' : 'a value'} from ${from}`,
      }))
  );
}

/** Rule 4: `workers/<name>.ts` is one process and one service of the same name; all.ts runs them in one. */
export function unservedWorkers(workerFiles: readonly string[], services: readonly string[]): Violation[] {
  return workerFiles
    .filter((path) => /^workers\/[^/]+\.ts$/.test(path) && path !== 'workers/all.ts')
    .filter((path) => !services.includes(path.slice('workers/'.length, -'.ts'.length)))
    .map((path) => ({ path, line: 1, what: 'no service of docker-compose.yml has the name of this worker' }));
}

/** Rule 5, in lines of the file as it is. */
export function tooLong({ path, text }: Source): Violation[] {
  const lines = text.trimEnd().split('\n').length;
  return lines > MOST_LINES ? [{ path, line: MOST_LINES + 1, what: `${lines} lines, ${MOST_LINES} at most` }] : [];
}

/** Rule 7; tools read the default export of their configuration, and vitest that of its global setup. */
export function defaultExports(source: Source): Violation[] {
  if (/\.config\.(?:ts|js)$/.test(source.path) || source.path === 'test/setup/global.ts') return [];
  return parse(source)
    .statements.filter((node) => ts.isExportAssignment(node) || hasModifier(node, ts.SyntaxKind.DefaultKeyword) || exportsDefault(node))
    .map((node) => ({ path: source.path, line: lineOf(node), what: 'a default export' }));
}

function permits(allowed: readonly string[], file: string): boolean {
  return allowed.some((entry) => (entry.endsWith('.ts') ? file === entry : folderOf(file) === entry));
}

function folderOf(path: string): string {
  return path.split('/')[0] ?? '';
}

function importsOf(source: Source): Import[] {
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const imported = importOf(node);
    if (imported) found.push({ ...imported, line: lineOf(node), file: resolved(source.path, imported.from) });
    ts.forEachChild(node, visit);
  };
  visit(parse(source));
  return found;
}

function importOf(node: ts.Node): { from: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier))
    return { from: node.moduleSpecifier.text, typeOnly: isTypeOnly(node) };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { from: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return { from: node.argument.literal.text, typeOnly: true };
  }
  if (!ts.isCallExpression(node) || (node.expression.kind !== ts.SyntaxKind.ImportKeyword && node.expression.getText() !== 'require'))
    return undefined;
  const [argument] = node.arguments;
  return { from: argument && ts.isStringLiteral(argument) ? argument.text : 'a computed name', typeOnly: false };
}

function isTypeOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = importClause.namedBindings;
  return (
    !importClause.name &&
    !!names &&
    ts.isNamedImports(names) &&
    names.elements.length > 0 &&
    names.elements.every((name) => name.isTypeOnly)
  );
}

function resolved(path: string, from: string): string | undefined {
  return from.startsWith('.') ? new URL(from, `file:///${path}`).pathname.slice(1) : undefined;
}

const OUTSIDE = ['process', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'globalThis', 'WebSocket', 'require'];
const CALLS = ['Date.now', 'Math.random', 'crypto.randomUUID', 'crypto.getRandomValues', 'Intl.DateTimeFormat().resolvedOptions'];

function outsideUses(source: Source): Violation[] {
  const found: Violation[] = [];
  const visit = (node: ts.Node): void => {
    const what = outsideUse(node);
    if (what) found.push({ path: source.path, line: lineOf(node), what: `pure code uses ${what}` });
    ts.forEachChild(node, visit);
  };
  visit(parse(source));
  return found;
}

function outsideUse(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && !node.arguments?.length) return 'new Date()';
  if (ts.isCallExpression(node) && node.expression.getText() === 'Date') return 'Date()';
  if (ts.isPropertyAccessExpression(node) && CALLS.includes(node.getText())) return node.getText();
  return ts.isIdentifier(node) && OUTSIDE.includes(node.text) && isExpression(node) ? node.text : undefined;
}

/** Whether a name stands for a value here, rather than naming a property, a parameter or a type's member. */
function isExpression(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeElement(parent) || ts.isClassElement(parent) || ts.isImportSpecifier(parent) || ts.isTypeNode(parent)) return false;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent) || ts.isBindingElement(parent)) return parent.initializer === node;
  return true;
}

function exportsDefault(node: ts.Statement): boolean {
  if (!ts.isExportDeclaration(node) || !node.exportClause || !ts.isNamedExports(node.exportClause)) return false;
  return node.exportClause.elements.some(({ name }) => name.text === 'default');
}

function hasModifier(node: ts.Statement, kind: ts.SyntaxKind): boolean {
  return ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some((modifier) => modifier.kind === kind);
}

function parse({ path, text }: Source): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

function lineOf(node: ts.Node): number {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}
