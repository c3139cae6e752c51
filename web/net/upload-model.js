/** Sending a model to the server: `fetch` does not tell how far it is. */

/**
 * @param {string} kind
 * @param {string} name
 * @param {File} file
 * @param {AbortSignal} signal
 * @param {(part: number) => void} onProgress 0 to 1
 * @returns {Promise<{ status: number, message: string }>} status 0 when it did not get through
 */
export function uploadModel(kind, name, file, signal, onProgress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    const end = () => resolve({ status: request.status, message: messageOf(request.responseText) });
    request.open('PUT', `/api/models/${encodeURIComponent(kind)}/${encodeURIComponent(name)}`);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    for (const type of ['load', 'error', 'abort']) request.addEventListener(type, end);
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** @param {string} text */
function messageOf(text) {
  try {
    return String(JSON.parse(text).error.message);
  } catch {
    return '';
  }
}
