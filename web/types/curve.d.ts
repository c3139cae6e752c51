/** The value of a curve widget: points from left to right, both numbers of each from 0 to 1. */
export interface CurveValue {
  points: [number, number][];
  /** Smooth where it is not given. */
  interpolation?: 'monotone_cubic' | 'linear';
}
