import { StrictMode, createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.js';

const place = document.getElementById('root');
if (place === null) throw new Error('index.html has no #root');
createRoot(place).render(createElement(StrictMode, null, createElement(App)));
