/**
 * tsyringe's decorators, re-exported so that a plugin never brings a second tsyringe (its type registry is per copy).
 * Every constructor parameter needs `@inject(TOKEN)`: emitted types are not used.
 */
import 'reflect-metadata';

export { inject, injectable } from 'tsyringe';
