import type { V1LabelSelector, V1Node, V1NodeSelector, V1NodeSelectorRequirement, V1NodeSelectorTerm } from '@kubernetes/client-node';

type Labels = Readonly<Record<string, string>> | undefined;

/** As the API server and the scheduler read them: every part must hold; a selector without parts selects everything. */
export function selects(selector: V1LabelSelector | undefined, labels: Labels): boolean {
  if (!selector) return false;
  const exact = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels?.[key] === value);
  return exact && (selector.matchExpressions ?? []).every((part) => holds(part, labels?.[part.key]));
}

/** One of the terms must hold; no term selects nothing. */
export function matchesNode(selector: V1NodeSelector, node: V1Node): boolean {
  return selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}

function matchesTerm({ matchExpressions = [], matchFields = [] }: V1NodeSelectorTerm, node: V1Node): boolean {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((part) => holds(part, node.metadata?.labels?.[part.key])) &&
    matchFields.every((part) => part.key === 'metadata.name' && holds(part, node.metadata?.name))
  );
}

function holds({ operator, values = [] }: V1NodeSelectorRequirement, value: string | undefined): boolean {
  const [bound] = values;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return isInteger(value) && isInteger(bound) && Number(value) > Number(bound);
    case 'Lt':
      return isInteger(value) && isInteger(bound) && Number(value) < Number(bound);
    default:
      return false;
  }
}

const isInteger = (text: string | undefined) => text !== undefined && /^[+-]?\d+$/.test(text);
