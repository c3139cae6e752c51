/** The WebSocket: frames of running jobs, connected again whenever the connection is lost. */

/** @import { Frame, PreviewFrame } from '../types/net.d.ts' */

const ABILITIES = { progress_delta: true, shows_while_running: true, supports_preview_metadata: true };
const FIRST_DELAY_MS = 500;
const LONGEST_DELAY_MS = 8000;
const PREVIEW = 1;
const PREVIEW_WITH_METADATA = 4;

/**
 * @typedef {object} SocketListener
 * @property {(frame: Frame) => void} onFrame
 * @property {(preview: PreviewFrame) => void} onPreview
 * @property {(connection: 'connecting' | 'open' | 'lost') => void} onConnection
 * @property {(time: number | null) => void} [onRetry] when it is tried again (`Date.now()`), null while it is
 */

/**
 * @param {string} url
 * @param {SocketListener} listener
 * @returns {{ close: () => void, retry: () => void }} `close` closes it for good, `retry` does not wait any longer
 */
export function openSocket(url, listener) {
  let delay = FIRST_DELAY_MS;
  let closed = false;
  let timer = 0;
  /** @type {WebSocket} */
  let socket;

  function connect() {
    timer = 0;
    listener.onRetry?.(null);
    socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      delay = FIRST_DELAY_MS;
      socket.send(JSON.stringify({ type: 'feature_flags', data: ABILITIES }));
      listener.onConnection('open');
    };
    socket.onmessage = ({ data }) => {
      if (typeof data === 'string') listener.onFrame(JSON.parse(data));
      else readBinary(data, listener);
    };
    socket.onclose = () => {
      if (closed) return;
      listener.onConnection('lost');
      timer = setTimeout(connect, delay);
      listener.onRetry?.(Date.now() + delay);
      delay = Math.min(delay * 2, LONGEST_DELAY_MS);
    };
  }

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      socket.close();
    },
    retry() {
      if (timer === 0) return;
      clearTimeout(timer);
      connect();
    },
  };
}

/** @param {ArrayBuffer} data @param {SocketListener} listener */
function readBinary(data, listener) {
  const preview = readPreview(data);
  if (preview) listener.onPreview(preview);
}

/**
 * @param {ArrayBuffer} data a binary frame
 * @returns {PreviewFrame | null} null for frames of other kinds
 */
export function readPreview(data) {
  if (data.byteLength < 8) return null;
  const view = new DataView(data);
  const event = view.getUint32(0);
  if (event === PREVIEW) {
    const type = view.getUint32(4) === 2 ? 'image/png' : 'image/jpeg';
    return { node: null, prompt: null, picture: new Blob([data.slice(8)], { type }) };
  }
  if (event !== PREVIEW_WITH_METADATA) return null;
  const end = 8 + view.getUint32(4);
  const about = JSON.parse(new TextDecoder().decode(data.slice(8, end)));
  return {
    node: about.display_node_id ?? about.node_id,
    prompt: about.prompt_id,
    picture: new Blob([data.slice(end)], { type: about.image_type }),
  };
}
