import type { Pixels } from './png.ts'

/** How two pictures of the same screen differ. */
export interface Likeness {
  /** The share of the squares that differ, 0 to 1. Squares that only one picture has differ. */
  different: number
  /** The kept picture in grey, with the squares that differ in red. */
  picture: Pixels
}

/** The side of a square. Larger than a letter: how its edges are drawn does not count. */
const SQUARE = 16
/** Squares whose average colours differ by more, of 255, differ. */
const TOLERANCE = 12

/**
 * Compares pictures by the average colours of their squares, so that letters of another font or another smoothing do not count, while
 * a missing card, another colour or an empty area does.
 */
export function compare(kept: Pixels, actual: Pixels): Likeness {
  const width = Math.max(kept.width, actual.width)
  const height = Math.max(kept.height, actual.height)
  const picture = greyOf(kept, width, height)
  const columns = Math.ceil(width / SQUARE)
  const rows = Math.ceil(height / SQUARE)
  let different = 0
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const before = averageOf(kept, column, row)
      const after = averageOf(actual, column, row)
      const isSame = before && after && before.every((v, i) => Math.abs(v - (after[i] ?? 0)) <= TOLERANCE)
      if (isSame) continue
      different++
      markSquare(picture, column, row)
    }
  return { different: different / (columns * rows), picture }
}

/** Null outside of the picture. */
function averageOf({ width, height, rgb }: Pixels, column: number, row: number): readonly number[] | null {
  const sums = [0, 0, 0]
  let count = 0
  for (let y = row * SQUARE; y < Math.min(height, (row + 1) * SQUARE); y++)
    for (let x = column * SQUARE; x < Math.min(width, (column + 1) * SQUARE); x++, count++)
      for (let c = 0; c < 3; c++) sums[c] = (sums[c] ?? 0) + (rgb[(y * width + x) * 3 + c] ?? 0)
  return count === 0 ? null : sums.map((sum) => sum / count)
}

function greyOf({ width, height, rgb }: Pixels, newWidth: number, newHeight: number): Pixels {
  const grey = new Uint8Array(newWidth * newHeight * 3).fill(255)
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 3
      const light = 128 + Math.round(((rgb[i] ?? 0) + (rgb[i + 1] ?? 0) + (rgb[i + 2] ?? 0)) / 6)
      grey.fill(Math.min(255, light), (y * newWidth + x) * 3, (y * newWidth + x) * 3 + 3)
    }
  return { width: newWidth, height: newHeight, rgb: grey }
}

function markSquare({ width, height, rgb }: Pixels, column: number, row: number): void {
  for (let y = row * SQUARE; y < Math.min(height, (row + 1) * SQUARE); y++)
    for (let x = column * SQUARE; x < Math.min(width, (column + 1) * SQUARE); x++) {
      const i = (y * width + x) * 3
      rgb[i] = 220
      rgb[i + 1] = Math.round((rgb[i + 1] ?? 0) / 2)
      rgb[i + 2] = Math.round((rgb[i + 2] ?? 0) / 2)
    }
}
