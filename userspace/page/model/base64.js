// The text in the page is base64: safe inside any element.

export const fromBase64 = (text) => (Uint8Array.fromBase64 ? Uint8Array.fromBase64(text) :
  Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
