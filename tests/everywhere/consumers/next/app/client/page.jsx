'use client';

import { useEffect } from 'react';
import { check } from '../../check.mjs';

export default function Page() {
  useEffect(() => {
    check().then(
      (line) => (document.title = line),
      (error) => (document.title = String(error)),
    );
  }, []);
  return <p>client</p>;
}
