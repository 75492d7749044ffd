// The worker, and one answer at a time for each kind of question.

export class Model {
  constructor(code) {
    const address = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
    this.worker = new Worker(address);
    this.waiting = new Map();
    this.busy = new Map();
    this.took = {};  // ms of the last answer, by operation: for measurements
    this.next = 1;
    this.worker.onmessage = ({data}) => {
      const {resolve, reject, op} = this.waiting.get(data.id);
      this.waiting.delete(data.id);
      this.took[op] = data.ms;
      if (data.error) reject(new Error(data.error)); else resolve(data.ok);
    };
  }

  ask(op, request) {
    const id = this.next++;
    this.worker.postMessage({...request, op, id});
    return new Promise((resolve, reject) => this.waiting.set(id, {resolve, reject, op}));
  }

  // While one question of a kind is under way only the newest other is kept.
  latest(op, request, done) {
    if (this.busy.has(op)) {
      this.busy.set(op, () => this.latest(op, request, done));
      return;
    }
    this.busy.set(op, null);
    const after = () => {
      const then = this.busy.get(op);
      this.busy.delete(op);
      if (then) then();
    };
    this.ask(op, request).then((answer) => {
      const newer = this.busy.get(op);
      after();
      if (!newer) done(answer);
    }, (error) => {
      after();
      throw error;
    });
  }

  get idle() {
    return !this.waiting.size && !this.busy.size;
  }
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (error) {
    // Plain http has no clipboard of its own.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

export function savePart(base64Parts, decode, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob(base64Parts.map(decode), {type: 'application/gzip'}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
