"""What the dashboard's pages share. The only room that knows Streamlit and Plotly."""
