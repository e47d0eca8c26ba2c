/* Draws the QR of a door, for a device that leads the door without network. */
import qrcode from 'qrcode-generator';

export function picture(text: string): string {
    const qr = qrcode(0, 'M');
    qr.addData(text);
    qr.make();
    return qr.createDataURL(8, 0);
}
