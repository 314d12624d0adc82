// A worker that keeps an object store busy with a transaction of its own, and tells when it has begun.

onmessage = ({ data: { database, store, milliseconds } }) => {
  indexedDB.open(database).onsuccess = ({ target: { result } }) => {
    const transaction = result.transaction(store, 'readwrite');
    let end;
    const next = () => {
      end ??= performance.now() + milliseconds;
      if (performance.now() < end) transaction.objectStore(store).get('nobody').onsuccess = next;
    };
    transaction.objectStore(store).get('nobody').onsuccess = () => {
      postMessage('begun');
      next();
    };
  };
};
