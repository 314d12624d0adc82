const worker = new SharedWorker('shared-worker.js', { type: 'module' });
worker.port.onmessage = ({ data }) => (document.title = data);
worker.onerror = ({ message }) => (document.title = message || 'the shared worker has an error');
