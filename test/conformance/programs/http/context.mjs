// In which context a server handles the requests of one connection. Its peer waits for each answer.
import { AsyncLocalStorage } from 'node:async_hooks';
import http from 'node:http';
import { say } from '../trace.mjs';

const storage = new AsyncLocalStorage();
const note = (place) => say(`${place}: ${storage.getStore() ?? 'none'}`);

const server = storage.run('server made', () => http.createServer((request, response) => {
  note(`handler of ${request.url}`);
  storage.enterWith(request.url);
  request.resume();
  request.on('end', () => {
    note('whole body');
    setTimeout(() => {
      note('timer');
      storage.enterWith('timer');
      response.end('ok');
      if (request.url === '/last') server.close();
    }, 1);
  });
}));
storage.run('listen', () => server.listen(0, '127.0.0.1', () => say(`port ${server.address().port}`)));
