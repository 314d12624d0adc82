navigator.serviceWorker.onmessage = ({ data }) => (document.title = data);
navigator.serviceWorker
  .register('service-worker.js', { type: 'module' })
  .then(() => navigator.serviceWorker.ready)
  .then(({ active }) => active.postMessage('check'))
  .catch((error) => (document.title = String(error)));
