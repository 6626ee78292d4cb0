// The name of a platform as in kiln.<name>.node and @kiln/native-<name> (napi-rs's convention).

/** @returns {string} for example `linux-x64-gnu` or `darwin-arm64` */
export function platformName() {
  const base = `${process.platform}-${process.arch}`;
  if (process.platform === 'linux') return `${base}-${usesMusl() ? 'musl' : 'gnu'}`;
  if (process.platform === 'win32') return `${base}-msvc`;
  return base;
}

function usesMusl() {
  const report = process.report.getReport();
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (
    typeof report === 'string' ? JSON.parse(report) : report
  );
  return !header.glibcVersionRuntime;
}
