// `npm ci` wants an entry in the lock file for every optional dependency, also for the binaries
// of platforms that nobody here uses. `npm install` leaves an entry out when the registry (a mirror
// with a part of the packages, for instance) does not answer for it. This adds what is missing.

export interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
export type LockPackages = Record<string, LockEntry>;

const OS = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32', 'aix'];
const CPU = ['arm64', 'x64', 'arm', 'ia32', 'riscv64', 's390x', 'ppc64', 'loong64', 'wasm32', 'mips64el'];

/** Names of platform packages tell the platform: `@x/y-linux-arm-gnueabihf`, `@x/y-win32-x64-msvc`. */
export function platformOf(name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> {
  const words = name.replace('android-eabi', 'android').split(/[-/]/);
  const os = OS.filter((each) => words.includes(each));
  const cpu = CPU.filter((each) => words.includes(each) || (each === 'arm' && words.includes('armv7')));
  const musl = words.some((word) => word.startsWith('musl'));
  const libc = os.includes('linux') ? [musl ? 'musl' : 'glibc'] : [];
  return { ...(os.length > 0 ? { os } : {}), ...(cpu.length > 0 ? { cpu } : {}), ...(libc.length > 0 ? { libc } : {}) };
}

/** Where npm would look from `path`: in its own node_modules, then upwards. */
function isPresent(packages: LockPackages, path: string, name: string): boolean {
  for (let base = path; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/node_modules/')))) {
    if (packages[`${base ? `${base}/` : ''}node_modules/${name}`]) return true;
    if (base === '' || !base.includes('/node_modules/')) return Boolean(packages[`node_modules/${name}`]);
  }
}

/** The entries that are missing, by their path. */
export function missingPlatforms(packages: LockPackages): LockPackages {
  const missing: LockPackages = {};
  for (const [path, { dev, optionalDependencies = {} }] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(optionalDependencies)) {
      if (!/^\d/.test(version) || isPresent(packages, path, name)) continue;
      // The order of npm's own entries: the next `npm install` changes nothing.
      const { os, cpu, libc } = platformOf(name);
      const entry = { version, cpu, dev: dev || undefined, libc, optional: true, os };
      missing[`node_modules/${name}`] = Object.fromEntries(
        Object.entries(entry).filter(([, value]) => value !== undefined),
      );
    }
  }
  return missing;
}
