/** Who may depend on whom, by the tags in each project's package.json. One direction: kernel ← domain ← contracts ← adapter ← app. */
const domainEdges = {
  kernel: [],
  onnx: ['kernel'],
  evaluation: ['kernel'],
  hardware: ['kernel'],
  gates: ['kernel'],
  quantization: ['kernel', 'onnx', 'evaluation'],
  engines: ['kernel', 'hardware'],
  rollout: ['kernel', 'gates'],
  reconcile: ['kernel', 'hardware', 'engines'],
};

/** Browser packages: the console's alone. */
const browserPackages = ['react', 'react-dom', 'react-dom/*', 'react/*', '@mantine/*', '@tanstack/*', 'recharts', 'wouter', 'vite'];
/** Everything that the console may take from npm, so that servers' packages never reach a browser. */
const consolePackages = [...browserPackages, '@vitejs/*', 'vitest', 'fast-check'];

export const depConstraints = [
  { sourceTag: 'type:kernel', onlyDependOnLibsWithTags: ['type:kernel'] },
  { sourceTag: 'type:domain', onlyDependOnLibsWithTags: ['type:kernel', 'type:domain'] },
  {
    sourceTag: 'type:contracts',
    onlyDependOnLibsWithTags: ['type:kernel', 'type:domain', 'type:contracts'],
    allowedExternalImports: ['zod', 'fast-check', 'vitest'],
  },
  {
    sourceTag: 'type:adapter',
    onlyDependOnLibsWithTags: ['type:kernel', 'type:domain', 'type:contracts'],
    bannedExternalImports: browserPackages,
  },
  { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:kernel', 'type:domain', 'type:contracts', 'type:adapter', 'type:testing'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:kernel', 'type:domain', 'type:contracts', 'type:adapter', 'type:testing'] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:kernel', 'type:domain', 'type:contracts', 'type:adapter', 'type:tool'] },
  { sourceTag: 'scope:control', onlyDependOnLibsWithTags: ['scope:shared', 'scope:control'], bannedExternalImports: browserPackages },
  { sourceTag: 'scope:node', onlyDependOnLibsWithTags: ['scope:shared', 'scope:node'], bannedExternalImports: browserPackages },
  { sourceTag: 'scope:cli', onlyDependOnLibsWithTags: ['scope:shared', 'scope:cli'], bannedExternalImports: browserPackages },
  { sourceTag: 'scope:console', onlyDependOnLibsWithTags: ['scope:shared', 'scope:console'], allowedExternalImports: consolePackages },
  ...Object.entries(domainEdges).map(([name, edges]) => ({
    sourceTag: `domain:${name}`,
    onlyDependOnLibsWithTags: [`domain:${name}`, ...edges.map((edge) => `domain:${edge}`)],
    allowedExternalImports: ['fast-check', 'vitest', ...(name === 'onnx' ? ['@bufbuild/protobuf*'] : [])],
  })),
];
