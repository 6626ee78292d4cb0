import { registerHooks } from 'node:module';

/**
 * From now on a package that is not found where a module stands is looked for beside Kiln: a module in a driver's work directory, or anywhere
 * else without `node_modules` above it, finds `@kiln/client`.
 */
export function findPackagesBesideKiln(): void {
  registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND' || !isPackage(specifier)) throw error;
        try {
          return next(specifier, { ...context, parentURL: import.meta.url });
        } catch {
          // Where the module stands is the better thing to tell.
          throw error;
        }
      }
    },
  });
}

function isPackage(specifier: string): boolean {
  return /^(@[\w.-]+\/)?[\w-][\w.-]*(\/|$)/.test(specifier);
}
