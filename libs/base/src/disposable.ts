/** Undoes a registration. Calling it twice does nothing more. */
export type Unregister = () => void;
