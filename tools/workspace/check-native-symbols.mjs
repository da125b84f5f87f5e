/**
 * The boxes takt serves have glibc 2.28, libstdc++ 3.4.25 and CXXABI 1.3.11 (CentOS 8). Reads the version references
 * (`.gnu.version_r`) of every native file that runs on a node and prints what each needs; exits 1 when one needs more.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';

const LIMITS = { GLIBC: [2, 28], GLIBCXX: [3, 4, 25], CXXABI: [1, 3, 11] };
const root = join(import.meta.dirname, '..', '..');
const modules = join(root, 'node_modules');

const below = (folder) => (existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))) : []);

/** Native files of the packages that a node's processes load. Musl builds run elsewhere. */
const nativeFiles = [
  ...below(join(modules, 'onnxruntime-node', 'bin')).filter((path) => path.includes('/linux/')),
  ...below(join(modules, '@img')).filter((path) => !path.includes('musl')),
  ...below(join(modules, '@koromix')).filter((path) => !path.includes('musl')),
  ...below(join(root, '.takt', 'openvino')),
  join(modules, `node-linux-${process.arch}`, 'bin', 'node'),
].filter((path) => (/\.node$|\.so(\.|$)/.test(path) || path.endsWith('/bin/node')) && existsSync(path));

const SHT_GNU_VERNEED = 0x6ffffffe;

/** Version names that a 64-bit little-endian ELF file needs of others (ELF gABI, section type SHT_GNU_verneed). */
const neededVersions = (bytes) => {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  const [offset, size, count] = [Number(bytes.readBigUInt64LE(0x28)), bytes.readUInt16LE(0x3a), bytes.readUInt16LE(0x3c)];
  const section = (index) => {
    const at = offset + index * size;
    return {
      type: bytes.readUInt32LE(at + 4),
      start: Number(bytes.readBigUInt64LE(at + 24)),
      link: bytes.readUInt32LE(at + 40),
      info: bytes.readUInt32LE(at + 44),
    };
  };
  const names = new Set();
  for (let index = 0; index < count; index += 1) {
    const { type, start, link, info } = section(index);
    if (type !== SHT_GNU_VERNEED) continue;
    const strings = section(link).start;
    const text = (at) => bytes.toString('latin1', strings + at, bytes.indexOf(0, strings + at));
    for (let entry = start, left = info; left > 0; left -= 1) {
      for (let aux = entry + bytes.readUInt32LE(entry + 8), more = bytes.readUInt16LE(entry + 2); more > 0; more -= 1) {
        names.add(text(bytes.readUInt32LE(aux + 8)));
        aux += bytes.readUInt32LE(aux + 12);
      }
      entry += bytes.readUInt32LE(entry + 12);
    }
  }
  return names;
};

const compare = (a, b) => a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;
let breaches = 0;
for (const path of nativeFiles) {
  const names = neededVersions(readFileSync(path));
  if (names === undefined) continue;
  const highest = {};
  for (const name of names) {
    const match = /^(GLIBC|GLIBCXX|CXXABI)_(\d+(?:\.\d+)+)$/.exec(name);
    if (match === null) continue;
    const version = match[2].split('.').map(Number);
    if (highest[match[1]] === undefined || compare(version, highest[match[1]]) > 0) highest[match[1]] = version;
  }
  const over = Object.entries(highest).filter(([name, version]) => compare(version, LIMITS[name]) > 0);
  breaches += over.length;
  const words = Object.entries(highest).map(([name, version]) => `${name} ${version.join('.')}`);
  process.stdout.write(`${over.length > 0 ? 'FAIL' : 'ok  '} ${relative(modules, path)}: ${words.join(', ')}\n`);
}
if (nativeFiles.length < 3) {
  process.stdout.write(`FAIL only ${nativeFiles.length} native files found\n`);
  breaches += 1;
}
process.exitCode = breaches === 0 ? 0 : 1;
