/** The platform looks at `then` when it settles a promise; everything else is nobody's business. */
export const touchy = new Proxy({} as ProxyHandler<object>, {
  get: (_, trap) => (_target: object, name: unknown) => {
    if (trap === 'get' && name === 'then') return undefined;
    throw new Error(`a value was looked at: ${String(trap)}`);
  },
});
