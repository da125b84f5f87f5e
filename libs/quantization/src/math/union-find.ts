/** Disjoint sets of names; deterministic: the representative is the first name that was seen. */
export class UnionFind {
  private readonly parents = new Map<string, string>();

  find(name: string): string {
    let root = name;
    for (let parent = this.parents.get(root); parent !== undefined && parent !== root; parent = this.parents.get(root)) root = parent;
    for (let at = name; at !== root;) {
      const next = this.parents.get(at) ?? root;
      this.parents.set(at, root);
      at = next;
    }
    if (!this.parents.has(root)) this.parents.set(root, root);
    return root;
  }

  union(a: string, b: string): void {
    const [rootA, rootB] = [this.find(a), this.find(b)];
    if (rootA !== rootB) this.parents.set(rootB, rootA);
  }

  /** The sets among `names`, each in the order of `names`. */
  groups(names: Iterable<string>): string[][] {
    const sets = new Map<string, string[]>();
    for (const name of names) {
      const root = this.find(name);
      const set = sets.get(root);
      if (set) set.push(name);
      else sets.set(root, [name]);
    }
    return [...sets.values()];
  }
}
