// What a query finds: functions, lines of a file, or packages.

const baseName = (file) => file.replace(/^.*\//, '');

function textMatcher(pattern) {
  // Any case unless a capital is typed.
  if (pattern !== pattern.toLowerCase()) return (text) => text.includes(pattern);
  return (text) => text.toLowerCase().includes(pattern);
}

// {test(name, file, pkg), line} or {error}. An empty query is null.
export function parseQuery(query) {
  query = query.trim();
  if (!query) return null;
  if (query.startsWith('=')) {
    const at = query.lastIndexOf('@'), name = query.slice(1, at), base = query.slice(at + 1);
    return {test: (n, f) => n === name && baseName(f) === base, line: 0};
  }
  const regex = /^\/(.+?)\/?(i?)$/.exec(query);
  if (regex && query.length > 1) {
    try {
      const pattern = new RegExp(regex[1], regex[2]);
      return {test: (n, f) => pattern.test(n) || pattern.test(baseName(f)), line: 0};
    } catch (error) {
      return {error: error.message};
    }
  }
  if (query.startsWith('lib:')) {
    const test = textMatcher(query.slice(4));
    return {test: (n, f, pkg) => test(pkg), line: 0};
  }
  const place = /^(.+\.\w+):(\d+)$/.exec(query);
  if (place) {
    const ending = place[1];
    return {test: (n, f) => f === ending || f.endsWith('/' + ending), line: +place[2]};
  }
  const test = textMatcher(query);
  return {test: (n, f) => test(n) || test(baseName(f)), line: 0};
}

// A flag for each location of the store; {match, functions, error}.
export function matchLocations(store, query) {
  const parsed = parseQuery(query);
  if (!parsed || parsed.error) return {match: null, error: parsed ? parsed.error : ''};
  const {place, functions: {name, file, pkg}} = store;
  const functions = new Uint8Array(name.length);
  // A difference's table shows places, its graph files.
  for (let i = 0; i < functions.length; i++) {
    if (parsed.test(name[i], file[i], pkg[i]) ||
        place !== file && parsed.test(name[i], place[i], pkg[i])) functions[i] = 1;
  }
  const match = new Uint8Array(store.locFunction.length);
  const lines = new Uint8Array(parsed.line ? name.length : 0);
  for (let i = 0; i < match.length; i++) {
    const fn = store.locFunction[i];
    if (functions[fn] && (!parsed.line || store.locLine[i] === parsed.line)) {
      match[i] = 1;
      if (parsed.line) lines[fn] = 1;
    }
  }
  return {match, functions: parsed.line ? lines : functions, error: ''};
}

// Nodes in or below a matching frame.
export function nodesBelow(store, match) {
  const {parent, loc} = store, below = new Uint8Array(parent.length);
  for (let i = 1; i < below.length; i++) {
    below[i] = below[parent[i]] | (loc[i] >= 0 ? match[loc[i]] : 0);
  }
  return below;
}
