/** The connection to the server: frames go to those who follow them, and what was missed is caught up with. */

import { openSocket } from '../net/socket.js';
import { ignoreUnreachable } from '../net/server-error.js';
import { inUsersLanguage, isFailure } from './problems.js';
import { catchUp } from './replay.js';

/** @import { Application } from '../types/app.d.ts' */
/** @import { Frame } from '../types/net.d.ts' */

/** The node has all of a message. */
const LONGEST = 240;

/** Its node may be out of sight. @param {Application} editor @param {Frame} frame */
function tellFailure({ notify }, frame) {
  if (frame.type !== 'execution_error' || !isFailure(frame.data)) return;
  const { exception_message: message } = frame.data;
  notify('error', message.length > LONGEST ? `${message.slice(0, LONGEST)}…` : message);
}

/** @param {Application} editor */
export function connect(editor) {
  const { client, frames, ownJobs, queue, tabs } = editor;
  const address = new URL('/ws', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  address.searchParams.set('clientId', client.id);
  let lost = false;
  const socket = openSocket(address.href, {
    onFrame(said) {
      const frame = inUsersLanguage(said, editor.translator);
      follow(frame);
      tellFailure(editor, frame);
      if (frame.type === 'nodes_changed') void editor.attempt(() => editor.followServer());
      for (const listener of [...frames]) listener(frame);
    },
    onPreview: (preview) => tabs.onPreview(preview),
    onConnection(connection) {
      tabs.onConnection(connection);
      if (connection === 'open') void comeBack(lost).catch(ignoreUnreachable);
      lost = connection === 'lost';
    },
    onRetry: (time) => editor.retryAt.set(time),
  });

  /** @param {Frame} frame */
  function follow(frame) {
    tabs.onFrame(frame);
    if (frame.type === 'executing' && frame.data.node === null) ownJobs.end(frame.data.prompt_id);
  }

  /** @param {boolean} wasLost */
  async function comeBack(wasLost) {
    await Promise.all([queue.refresh(), catchUp(editor, (frame) => follow(inUsersLanguage(frame, editor.translator)))]);
    // It may be another server now, with other nodes.
    if (wasLost) await editor.followServer();
  }

  editor.reconnect = () => socket.retry();
  addEventListener('online', () => socket.retry());
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) socket.retry();
  });
}
