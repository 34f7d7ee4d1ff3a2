// Products of matrices that lie row by row in typed arrays, added to what is there.
// Nearly all the time of training is spent here, so four rows are gone over at once.

/** C (n x m) += A (n x k) B (k x m); each begins at its own place in its array. */
export function addProduct(A, a, B, b, C, c, n, k, m) {
  addRows(A, a, k, 1, B, b, C, c, n, k, m);
}

/** C (n x m) += Aᵀ B for A (k x n), B (k x m). */
export function addTurnedProduct(A, a, B, b, C, c, n, k, m) {
  addRows(A, a, 1, n, B, b, C, c, n, k, m);
}

/** Each row of C gets the rows of B, times A at a + i * down + q * across. */
export function addRows(A, a, down, across, B, b, C, c, n, k, m) {
  for (let i = 0; i < n; i++) {
    const to = c + i * m;
    let at = a + i * down;
    let from = b;
    let q = 0;
    for (; q + 3 < k; q += 4, at += 4 * across, from += 4 * m) {
      const [u, v] = [A[at], A[at + across]];
      const [w, x] = [A[at + 2 * across], A[at + 3 * across]];
      const [second, third, fourth] = [from + m, from + 2 * m, from + 3 * m];
      for (let j = 0; j < m; j++) {
        C[to + j] += u * B[from + j] + v * B[second + j] + w * B[third + j] + x * B[fourth + j];
      }
    }
    for (; q < k; q++, at += across, from += m) {
      const u = A[at];
      for (let j = 0; j < m; j++) C[to + j] += u * B[from + j];
    }
  }
}

/** C (n x m) += A Bᵀ for A (n x k), B (m x k). */
export function addProductTurned(A, a, B, b, C, c, n, k, m) {
  for (let i = 0; i < n; i++) {
    const row = a + i * k;
    let j = 0;
    for (; j + 3 < m; j += 4) {
      const first = b + j * k;
      const [second, third, fourth] = [first + k, first + 2 * k, first + 3 * k];
      let [s, t, u, v] = [0, 0, 0, 0];
      for (let q = 0; q < k; q++) {
        const x = A[row + q];
        s += x * B[first + q];
        t += x * B[second + q];
        u += x * B[third + q];
        v += x * B[fourth + q];
      }
      const to = c + i * m + j;
      C[to] += s;
      C[to + 1] += t;
      C[to + 2] += u;
      C[to + 3] += v;
    }
    for (; j < m; j++) {
      const first = b + j * k;
      let s = 0;
      for (let q = 0; q < k; q++) s += A[row + q] * B[first + q];
      C[c + i * m + j] += s;
    }
  }
}
