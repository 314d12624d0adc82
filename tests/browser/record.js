// A single record of a store for many keys.

/**
 * @template Resource
 * @template {string | number} Key
 * @typedef {import('groupcommit/indexeddb').IndexedDBStore<Resource, Key>} Store
 */

/**
 * @template Resource
 * @template {string | number} Key
 * @param {Pick<Store<Resource, Key>, 'loadResources'>} store
 * @param {Key} key
 * @param {{ signal: AbortSignal }} [call]
 * @returns {Promise<Resource>}
 */
export async function load(store, key, { signal } = new AbortController()) {
  const [resource] = await store.loadResources([{ key, signal }], { signal });
  if (resource instanceof Error) throw resource;
  return /** @type {Resource} */ (resource);
}

/**
 * @template Resource
 * @template {string | number} Key
 * @param {Pick<Store<Resource, Key>, 'saveResources'>} store
 * @param {Key} key
 * @param {Resource} resource
 * @param {{ signal: AbortSignal }} [call]
 */
export async function save(store, key, resource, { signal } = new AbortController()) {
  const [failure] = await store.saveResources([{ key, signal, resource }], { signal });
  if (failure) throw failure;
}
