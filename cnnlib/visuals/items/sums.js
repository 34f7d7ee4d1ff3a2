// A sum as it is typed, (5*5*3 + 1)*8, computed: numbers, + - * / ^ and parentheses.

const TOKEN = /\s*(\d+(?:\.\d+)?|\*\*|[-+*/^()])/y;

/** The value of a sum; NaN if it is none. */
export function computed(text) {
  const tokens = tokensOf(text.replace(/[\u00d7\u00b7]/g, "*").replace(/(?<=\d),(?=\d{3}\b)/g, ""));
  const value = tokens ? added(tokens) : NaN;
  return tokens?.length ? NaN : value;
}

function tokensOf(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < text.trimEnd().length; at = TOKEN.lastIndex) {
    const token = TOKEN.exec(text);
    if (!token) return undefined;
    found.push(token[1]);
  }
  return found;
}

/** Take a sum from the front of the tokens. */
function added(tokens) {
  let value = multiplied(tokens);
  while (tokens[0] === "+" || tokens[0] === "-") {
    value += tokens.shift() === "+" ? multiplied(tokens) : -multiplied(tokens);
  }
  return value;
}

function multiplied(tokens) {
  let value = raised(tokens);
  while (tokens[0] === "*" || tokens[0] === "/") {
    value = tokens.shift() === "*" ? value * raised(tokens) : value / raised(tokens);
  }
  return value;
}

function raised(tokens) {
  if (tokens[0] === "-") return tokens.shift() && -raised(tokens);
  const base = single(tokens);
  if (tokens[0] !== "^" && tokens[0] !== "**") return base;
  tokens.shift();
  return base ** raised(tokens);
}

function single(tokens) {
  const token = tokens.shift();
  if (token !== "(") return token === undefined ? NaN : Number(token);
  const value = added(tokens);
  return tokens.shift() === ")" ? value : NaN;
}
