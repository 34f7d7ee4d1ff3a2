// Bytes and floats that came into the page as base64.

/** Bytes from base64. */
export function bytesOf(text) {
  const characters = atob(text);
  const bytes = new Uint8Array(characters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
  return bytes;
}

/** 32-bit floats from base64. */
export const floatsOf = (text) => new Float32Array(bytesOf(text).buffer);
