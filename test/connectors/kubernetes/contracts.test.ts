import { describe } from 'vitest';
import { actuatorContract } from '../../contracts/actuator.ts';
import { clusterContract } from '../../contracts/cluster.ts';
import { hasControlPlane } from '../../setup/servers.ts';
import { kubernetesGround } from './kubernetes-ground.ts';

describe.skipIf(!(await hasControlPlane()))('against a real control plane', () => {
  clusterContract('Kubernetes', () => kubernetesGround({}));
  actuatorContract('Kubernetes by preferred affinity', () => kubernetesGround({}));
  actuatorContract('Kubernetes by required affinity', () => kubernetesGround({ required: true }));
  actuatorContract('Kubernetes by node selector', () => kubernetesGround({ how: 'node-selector' }));
});
