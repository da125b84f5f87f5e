export { configureImageLibrary, decodeImage } from './decode.js';
export { listImages } from './list-images.js';
