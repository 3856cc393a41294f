/** Style sheets are for their effect; vite puts them into the page. */
declare module '*.css' {}
