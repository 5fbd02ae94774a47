import { actuatorContract } from '../../contracts/actuator.ts';
import { clusterContract } from '../../contracts/cluster.ts';
import { loadContract } from '../../contracts/load.ts';
import { localGround } from './local-ground.ts';

actuatorContract('the local cluster with simulated sites', () => localGround());
clusterContract('the local cluster with simulated sites', () => localGround());
loadContract('the local cluster', () => localGround());
