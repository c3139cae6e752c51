/** A picture file of the server. */
export interface PictureRef {
  filename: string;
  subfolder: string;
  type: 'output' | 'input' | 'temp';
  /** What is written on it where it is one of a strip. */
  label?: string;
}
