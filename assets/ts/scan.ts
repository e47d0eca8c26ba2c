/* Reads a QR code out of a picture, where the browser has no reader of its own. */
import jsQR from 'jsqr';

export const read = (picture: ImageData): string | null =>
    jsQR(picture.data, picture.width, picture.height, { inversionAttempts: 'dontInvert' })?.data ?? null;
