/** A picture file of the server. */
export interface PictureRef {
  filename: string;
  subfolder: string;
  type: 'output' | 'input' | 'temp';
}
