import { ML_DOMAIN } from '../onnx/graph.ts';
import type { GraphBuilder } from '../onnx/graph.ts';

/** A binary tree; the root is node 0, a leaf has feature -1. A row goes left where x <= threshold, or x is missing and `missingLeft`. */
export interface Tree {
  readonly feature: readonly number[];
  readonly threshold: readonly number[];
  readonly missingLeft: readonly boolean[];
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly value: readonly number[];
}

/** Sum of the trees as one operator; returns its output [N, 1]. */
export function treesToGraph(graph: GraphBuilder, input: string, model: { base: number; trees: readonly Tree[] }): string {
  const nodes = model.trees.flatMap((tree, t) => tree.feature.map((feature, node) => ({ tree, t, node, feature })));
  const leaves = nodes.filter((n) => n.feature < 0);
  return graph.node('TreeEnsembleRegressor', [input], {
    domain: ML_DOMAIN,
    attributes: {
      n_targets: { kind: 'int', value: 1 },
      base_values: { kind: 'floats', value: [model.base] },
      aggregate_function: { kind: 'string', value: 'SUM' },
      post_transform: { kind: 'string', value: 'NONE' },
      nodes_treeids: { kind: 'ints', value: nodes.map((n) => n.t) },
      nodes_nodeids: { kind: 'ints', value: nodes.map((n) => n.node) },
      nodes_featureids: { kind: 'ints', value: nodes.map((n) => Math.max(0, n.feature)) },
      nodes_values: { kind: 'floats', value: nodes.map((n) => n.tree.threshold[n.node]!) },
      nodes_modes: { kind: 'strings', value: nodes.map((n) => (n.feature < 0 ? 'LEAF' : 'BRANCH_LEQ')) },
      nodes_truenodeids: { kind: 'ints', value: nodes.map((n) => n.tree.left[n.node]!) },
      nodes_falsenodeids: { kind: 'ints', value: nodes.map((n) => n.tree.right[n.node]!) },
      nodes_missing_value_tracks_true: { kind: 'ints', value: nodes.map((n) => (n.tree.missingLeft[n.node] ? 1 : 0)) },
      target_treeids: { kind: 'ints', value: leaves.map((n) => n.t) },
      target_nodeids: { kind: 'ints', value: leaves.map((n) => n.node) },
      target_ids: { kind: 'ints', value: leaves.map(() => 0) },
      target_weights: { kind: 'floats', value: leaves.map((n) => n.tree.value[n.node]!) },
    },
  });
}
