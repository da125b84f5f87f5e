import { EngineName } from '@takt/engines';
import type { TaktError } from '@takt/kernel';
import type { FleetNode, Release } from '@takt/persistence';
import { refused } from '../errors.js';

/** Why a node cannot take a release; undefined where it can. */
export function unsuitable(release: Release, node: FleetNode, profilesInFleet: readonly string[]): TaktError | undefined {
  if (node.facts === null || node.profile === null) {
    return refused(
      'NodeNotProfiled',
      `node ${node.name} has not said what hardware it is`,
      'start its agent and wait until `takt nodes` shows a profile',
      node.name,
    );
  }
  const allowed = release.profiles;
  if (allowed !== null && !allowed.includes(node.profile.name)) {
    const nobody = !profilesInFleet.some((profile) => allowed.includes(profile));
    return nobody
      ? refused(
          'NoHardwareForRelease',
          `release ${release.name} is for ${allowed.join(', ')}; no node of the fleet is one of these (there are: ${profilesInFleet.join(', ') || 'none'})`,
          'make a release for the hardware there is, or join such a node',
          release.name,
        )
      : refused(
          'ProfileNotAllowed',
          `release ${release.name} is for ${allowed.join(', ')}; node ${node.name} is ${node.profile.name}`,
          'choose another node, or make a release that allows this profile',
          node.name,
        );
  }
  if (node.facts.engines[EngineName.onnxruntime] === undefined) {
    return refused(
      'EngineMissing',
      `node ${node.name} has no engine that can run ${release.name}`,
      'install ONNX Runtime on the node and restart its agent',
      node.name,
    );
  }
  return undefined;
}
