import { KilnError, type KilnErrorOptions } from '@kiln/base';

/** Codes of the errors that the client itself raises. */
export type ClientErrorCode =
  /** An argument of an API call makes no sense. */
  | 'KILN_ARGUMENT'
  /** A type or schema text (`decimal(10,2)`, `a int, b string`) cannot be read. */
  | 'KILN_TYPE_SYNTAX'
  /** A JavaScript value does not fit the SQL type it is meant for. */
  | 'KILN_VALUE'
  /** A DataFrame was derived through more steps than can be planned; the resolver has the same code. */
  | 'PLAN_TOO_DEEP'
  /** This Node.js is too old. */
  | 'KILN_NODE_VERSION'
  /** The session was stopped. */
  | 'KILN_SESSION_STOPPED'
  /** `createTempView` of a name that is taken. */
  | 'KILN_VIEW_EXISTS'
  /** The engine answered with something that is not what the schema says. */
  | 'KILN_RESULT'
  /** A function uses a variable of its surroundings. */
  | 'KILN_FUNCTION_CAPTURE'
  /** A function has no source that could be sent. */
  | 'KILN_FUNCTION_SOURCE'
  /** A module with functions cannot be bundled, or does not export the function. */
  | 'KILN_FUNCTION_MODULE'
  /** There is no record, but one was asked for. */
  | 'KILN_EMPTY'
  /** There is no such file. */
  | 'KILN_SOURCE_NOT_FOUND'
  /** A job file is wrong; `problems` says where. */
  | 'KILN_JOB_FILE'
  /** A step's module or function failed. */
  | 'KILN_JOB_MODULE';

/** A client error: one of {@link ClientErrorCode}. */
export function clientError(code: ClientErrorCode, message: string, options?: KilnErrorOptions): KilnError {
  return new KilnError(code, message, options);
}
